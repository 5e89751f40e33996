#include "agent/cli/cli.h"
#include "agent/signals.h"

int main(int argc, char** argv) {
  edge::hold_signals();  // first of all: a reload that comes at once must not end an agent that starts
  return edge::cli::run(argc, argv);
}
