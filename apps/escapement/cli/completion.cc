#include "escapement/cli/completion.h"

#include <functional>

#include <fmt/format.h>

namespace escapement::cli {
namespace {

using Path = std::vector<const CommandDescription*>;

// Calls `visit` for every command, the program itself first, with the way to it.
void visit_commands(const CommandDescription& command, Path& path, const std::function<void(const Path&)>& visit) {
  path.push_back(&command);
  visit(path);
  for (const CommandDescription& inner : command.commands) visit_commands(inner, path, visit);
  path.pop_back();
}

std::string joined_names(const Path& path, std::string_view separator) {
  std::string out;
  for (const CommandDescription* command : path) {
    if (!out.empty()) out += separator;
    out += command->name;
  }
  return out;
}

std::string candidates(const CommandDescription& command) {
  std::string out;
  const auto add = [&](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  for (const CommandDescription& inner : command.commands) add(inner.name);
  for (const std::string& word : command.words) add(word);
  for (const OptionDescription& option : command.options) add(option.name);
  return out;
}

std::string single_quoted(std::string_view text, std::string_view escape) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += escape;
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

std::string first_sentence(const std::string& text) { return text.substr(0, text.find_first_of(".;\n")); }

// The words before the cursor that are no options and no options' values make the way into the commands.
std::string bash_script(const CommandDescription& program) {
  std::string words;
  std::string values;
  Path path;
  visit_commands(program, path, [&](const Path& p) {
    const std::string key = joined_names(p, " ");
    words += fmt::format("    \"{}\") words=\"{}\" ;;\n", key, candidates(*p.back()));
    for (const OptionDescription& option : p.back()->options) {
      if (!option.takes_value) continue;
      std::string list;
      for (const std::string& value : option.values) list += (list.empty() ? "" : " ") + value;
      values += fmt::format("    \"{} {}\") takes_value=1 words=\"{}\" ;;\n", key, option.name, list);
    }
  });
  return fmt::format(R"sh(# bash completion for {0}: eval "$({0} completion bash)"
_{0}_words() {{
  case "$1" in
{1}  esac
}}
_{0}_values() {{
  takes_value=
  case "$1" in
{2}  esac
}}
_{0}() {{
  local words= takes_value= command="{0}" current="${{COMP_WORDS[COMP_CWORD]}}" skip= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [ -n "$skip" ]; then skip=; continue; fi
    case "${{COMP_WORDS[i]}}" in
      -*) _{0}_values "$command ${{COMP_WORDS[i]}}"; skip=$takes_value ;;
      *) words=; _{0}_words "$command ${{COMP_WORDS[i]}}"; if [ -n "$words" ]; then command="$command ${{COMP_WORDS[i]}}"; fi ;;
    esac
  done
  words=
  if [ -n "$skip" ]; then
    _{0}_values "$command ${{COMP_WORDS[COMP_CWORD-1]}}"
  else
    _{0}_words "$command"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o bashdefault -o default -F _{0} {0}
)sh",
                     program.name, words, values);
}

std::string zsh_script(const CommandDescription& program) {
  std::string cases;
  Path path;
  visit_commands(program, path, [&](const Path& p) {
    std::string items;
    const auto add = [&](const std::string& word, const std::string& help) {
      std::string text = word;
      if (!help.empty()) text += ":" + first_sentence(help);
      items += " " + single_quoted(text, "'\\''");
    };
    for (const CommandDescription& inner : p.back()->commands) add(inner.name, inner.help);
    for (const std::string& word : p.back()->words) add(word, {});
    for (const OptionDescription& option : p.back()->options) add(option.name, option.help);
    cases += fmt::format("    \"{}\") items=({}) ;;\n", joined_names(p, " "), items);
  });
  return fmt::format(R"sh(#compdef {0}
# zsh completion for {0}: {0} completion zsh > "${{fpath[1]}}/_{0}"
_{0}_items() {{
  case "$1" in
{1}    *) items=() ;;
  esac
}}
_{0}() {{
  local -a items
  local command="{0}" word
  for word in "${{words[@]:1:$((CURRENT-2))}}"; do
    [[ "$word" == -* ]] && continue
    _{0}_items "$command $word"
    (( ${{#items}} )) && command="$command $word"
  done
  _{0}_items "$command"
  _describe '{0}' items || _files
}}
if [ "$funcstack[1]" = "_{0}" ]; then _{0} "$@"; else compdef _{0} {0}; fi
)sh",
                     program.name, cases);
}

std::string fish_script(const CommandDescription& program) {
  std::string out = fmt::format(
      "# fish completion for {0}: {0} completion fish > ~/.config/fish/completions/{0}.fish\n", program.name);
  Path path;
  visit_commands(program, path, [&](const Path& p) {
    // Completions of a command apply once all words of its way are there and none of its own commands is.
    std::string condition;
    for (std::size_t i = 1; i < p.size(); ++i)
      condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", p[i]->name);
    std::string inner_names;
    for (const CommandDescription& inner : p.back()->commands) inner_names += " " + inner.name;
    if (!inner_names.empty()) {
      condition += fmt::format("{}not __fish_seen_subcommand_from{}", condition.empty() ? "" : "; and ", inner_names);
    }
    const std::string start = fmt::format("complete -c {}{}", program.name,
                                          condition.empty() ? "" : " -n " + single_quoted(condition, "\\'"));
    for (const CommandDescription& inner : p.back()->commands) {
      out += fmt::format("{} -f -a {} -d {}\n", start, inner.name, single_quoted(first_sentence(inner.help), "\\'"));
    }
    for (const std::string& word : p.back()->words) out += fmt::format("{} -f -a {}\n", start, word);
    for (const OptionDescription& option : p.back()->options) {
      const bool is_long = option.name.starts_with("--");
      out += fmt::format("{} {} {}{} -d {}\n", start, is_long ? "-l" : "-s", option.name.substr(is_long ? 2 : 1),
                         option.takes_value ? " -r" : "", single_quoted(first_sentence(option.help), "\\'"));
    }
  });
  return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const CommandDescription& program) {
  if (shell == "bash") return bash_script(program);
  if (shell == "zsh") return zsh_script(program);
  if (shell == "fish") return fish_script(program);
  return {};
}

}  // namespace escapement::cli
