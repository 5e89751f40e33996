#pragma once
#include <pybind11/pybind11.h>

namespace edge::native {

/// Each adds its part to the module; only bindings.cc calls them.
void bind_books(pybind11::module_& module);    ///< Book, ToleranceBook
void bind_batch(pybind11::module_& module);    ///< validate_batch, identity_hash, weighing_hash
void bind_tickets(pybind11::module_& module);  ///< judge_ticket and the words of weights and tickets
void bind_excursions(pybind11::module_& module);  ///< excursion rules, rejudge

}  // namespace edge::native
