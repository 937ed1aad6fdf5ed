// libclamav's header, for Swift.
#include <clamav.h>
