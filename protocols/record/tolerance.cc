#include "protocols/record/tolerance.h"
