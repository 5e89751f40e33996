#include "agent/core/alibi.h"
