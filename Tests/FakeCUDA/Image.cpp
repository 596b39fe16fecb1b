#include "Machine.h"
#include <sstream>

static const char *const mark = "FAKE CUDA IMAGE";

std::string Image::text() const {
  std::ostringstream text;
  text << mark << '\n' << isPTX << ' ' << architecture << ' ' << isSpecific << ' ' << compiler << '\n';
  for (const Entry &entry : entries) text << entry.lowered << '\n' << entry.source << '\n' << entry.name << '\n';
  text << "end\n";
  return text.str();
}

bool Image::read(const char *bytes) {
  if (strncmp(bytes, mark, strlen(mark)) != 0) return false;
  std::istringstream text(bytes + strlen(mark));
  if (!(text >> isPTX >> architecture >> isSpecific >> compiler)) return false;
  std::string line;
  std::getline(text, line);
  entries.clear();
  while (std::getline(text, line)) {
    if (line == "end") return true;
    Entry entry{line, "", ""};
    if (!std::getline(text, entry.source) || !std::getline(text, entry.name)) return false;
    entries.push_back(entry);
  }
  return false;
}
