#include "frappe_ext/native/fields.h"

#include <algorithm>

namespace edge::native {
namespace {

template <class Unit>
bool any_surrogate(const void* data, Py_ssize_t length) {
  const auto* const units = static_cast<const Unit*>(data);
  return std::any_of(units, units + length, [](Unit unit) { return unit >= 0xd800 && unit <= 0xdfff; });
}

}  // namespace

bool has_surrogates(PyObject* text) {
#if PY_VERSION_HEX < 0x030c0000
  if (PyUnicode_READY(text) != 0) {  // a str of the oldest C-API; no memory for its present form
    PyErr_Clear();
    return true;
  }
#endif
  const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
  switch (PyUnicode_KIND(text)) {
    case PyUnicode_2BYTE_KIND:
      return any_surrogate<Py_UCS2>(PyUnicode_DATA(text), length);
    case PyUnicode_4BYTE_KIND:
      return any_surrogate<Py_UCS4>(PyUnicode_DATA(text), length);
    default:
      return false;  // up to U+00FF
  }
}

}  // namespace edge::native
