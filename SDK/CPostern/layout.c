#include "postern/plugin.h"
