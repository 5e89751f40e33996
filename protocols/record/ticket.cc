#include "protocols/record/ticket.h"
