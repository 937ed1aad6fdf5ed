import CPostern
