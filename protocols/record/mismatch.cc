#include "protocols/record/mismatch.h"
