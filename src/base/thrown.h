#pragma once

#include <exception>
#include <string>

namespace rearview {

/// What the exception that is being handled says, whatever its type. Only inside a catch (...).
inline std::string thrown() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no exception was thrown";
  }
}

}  // namespace rearview
