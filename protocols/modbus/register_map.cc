#include "protocols/modbus/register_map.h"
