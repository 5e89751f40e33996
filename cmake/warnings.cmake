# Linked PRIVATE by every target of ours: warnings are errors.
add_library(edge_warnings INTERFACE)
target_compile_options(edge_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                               -Woverloaded-virtual -Wold-style-cast -Werror)
