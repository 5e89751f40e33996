#include "protocols/record/record_check.h"
