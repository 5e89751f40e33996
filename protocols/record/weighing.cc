#include "protocols/record/weighing.h"
