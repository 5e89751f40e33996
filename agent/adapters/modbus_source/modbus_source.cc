#include "agent/adapters/modbus_source/modbus_source.h"
