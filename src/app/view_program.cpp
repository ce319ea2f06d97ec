#include "app/view_program.h"

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace rearview {

int run_view_program(const std::vector<std::string>& arguments) {
  const std::string name = "rearview-view";
  std::vector<std::string> words{name};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::error_code unreadable;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  execv((self.parent_path() / name).c_str(), argv.data());
  execvp(name.c_str(), argv.data());
  throw std::runtime_error(name + " isn't installed (package " + name +
                           "); `rearview serve` shows the same in a browser");
}

}  // namespace rearview
