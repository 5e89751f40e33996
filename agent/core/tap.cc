#include "agent/core/tap.h"
