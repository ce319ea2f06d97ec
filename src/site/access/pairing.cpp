#include "site/access/pairing.h"

#include <openssl/rand.h>

#include <array>
#include <cctype>
#include <stdexcept>

#include "site/access/secret.h"

namespace rearview {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
constexpr std::size_t kLength = 8;
constexpr std::chrono::minutes kLasts(10);
constexpr int kMostWrong = 20;

std::string new_code() {
  std::string code;
  // A byte beyond the last whole multiple would favour the first letters.
  constexpr std::size_t kFair = 256 / kLetters.size() * kLetters.size();
  while (code.size() < kLength) {
    unsigned char byte = 0;
    if (RAND_bytes(&byte, 1) != 1) throw std::runtime_error("the system gives no random numbers");
    if (byte < kFair) code += kLetters[byte % kLetters.size()];
  }
  return code.insert(kLength / 2, "-");
}

std::string plain(std::string_view code) {
  std::string letters;
  for (const char c : code) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) letters += static_cast<char>(std::toupper(letter));
  }
  return letters;
}

}  // namespace

const Pairing::Code& Pairing::begin(Scope scope, SteadyTime now) {
  wrong_ = 0;
  return open_.emplace(Code{new_code(), scope, now + kLasts});
}

std::optional<Scope> Pairing::redeem(std::string_view code, SteadyTime now) {
  if (!open_ || now >= open_->ends) {
    open_.reset();
    return std::nullopt;
  }
  if (!equal_in_constant_time(plain(code), plain(open_->text))) {
    if (++wrong_ >= kMostWrong) open_.reset();
    return std::nullopt;
  }
  const Scope scope = open_->scope;
  open_.reset();
  return scope;
}

}  // namespace rearview
