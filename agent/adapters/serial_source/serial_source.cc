#include "agent/adapters/serial_source/serial_source.h"
