#include "agent/cli/cli.h"

int main(int argc, char** argv) { return edge::cli::run(argc, argv); }
