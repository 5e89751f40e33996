#include "protocols/record/weight.h"
