#include "agent/core/weighbridge.h"
