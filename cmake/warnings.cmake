# Linked PRIVATE by every target of ours: warnings are errors, but not on a Frappe host, whose compiler may be newer
# than any we have tried.
add_library(edge_warnings INTERFACE)
target_compile_options(edge_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                               -Woverloaded-virtual -Wold-style-cast)
if(NOT SKBUILD)
  target_compile_options(edge_warnings INTERFACE -Werror)
endif()
