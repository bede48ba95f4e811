// The command line: what can be typed, its help, and which function does it. Nothing else is decided here, and CLI11 is
// known nowhere else.
#include <CLI/CLI.hpp>

#include <cstdio>

#include <fmt/format.h>

#include "cli_sources.h"
#include "escapement/cli/command_bench.h"
#include "escapement/cli/commands.h"
#include "escapement/cli/completion.h"
#include "print_config.h"
#include "serve.h"

#ifndef ESC_VERSION
#define ESC_VERSION "unknown"
#endif

namespace escapement::app {
namespace {

using cli::CommonOptions;

constexpr const char* kProgramHelp =
    "Escapement: a durable task scheduler and workflow engine that speaks the AWS APIs.\n\n"
    "First steps:\n"
    "  escapement serve                                 start a server on 127.0.0.1:4566 with its data in ./data\n"
    "  escapement deploy hello/                         make a function of a folder with index.js or "
    "lambda_function.py\n"
    "  escapement schedule hello --in 90s --input '{\"to\":\"you\"}'\n"
    "  escapement executions list                       what ran, runs and will run\n"
    "  eval \"$(escapement env)\"                         and every AWS SDK speaks to this server";

constexpr const char* kExitCodes =
    "\nExit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 no server answered, 4 the watched execution "
    "did not succeed.";

// Everything that the options are read into. One of these lives as long as the program.
struct Arguments {
  CommonOptions common;
  ServeOptions serve;
  std::string env_data_dir = "./data";
  ConfigOptions config;
  cli::DeployOptions deploy;
  cli::ScheduleOptions schedule;
  cli::ListOptions list;
  cli::ShowOptions show;
  cli::WatchOptions watch;
  cli::StopOptions stop;
  cli::LogsOptions logs;
  cli::BenchOptions bench;
  std::string query_language;
  std::string shell;
  int exit_code = 0;
};

void add_common(CLI::App& command, Arguments& a) {
  command
      .add_option("--endpoint", a.common.access.endpoint,
                  "The server's URL; else --data-dir, AWS_ENDPOINT_URL, the server of ./data")
      ->type_name("URL");
  command
      .add_option("--data-dir", a.common.access.data_dir,
                  "The data directory of the server to speak to, whose keys are used")
      ->type_name("DIR");
  command.add_option("--region", a.common.access.region, "The region; else AWS_REGION, or the server's own")
      ->type_name("REGION");
  command.add_flag("--json", a.common.json, "Print JSON for machines");
}

CLI::App* add_command(CLI::App& parent, const char* name, const char* help, const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, help);
  if (!examples.empty()) command->footer("\nExamples:\n" + examples);
  return command;
}

void add_serve(CLI::App& app, Arguments& a) {
  CLI::App* serve_command = add_command(
      app, "serve", "Run the server until SIGTERM",
      "  escapement serve\n"
      "  escapement serve --data-dir /var/lib/escapement --listen 0.0.0.0:4566 --config /etc/escapement.toml\n"
      "  escapement serve --listen 127.0.0.1:0                      for tests: any free port");
  serve_command->add_option("--data-dir", a.serve.data_dir, "Where everything is kept; made if absent")
      ->type_name("DIR")
      ->capture_default_str();
  serve_command->add_option("--listen", a.serve.listen, "HOST:PORT; port 0 picks a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  serve_command
      ->add_option("--config", a.serve.config_file, "Configuration file; else DATA_DIR/escapement.toml if it is there")
      ->type_name("FILE");
  serve_command->callback([&a] { a.exit_code = serve(a.serve); });

  CLI::App* env =
      add_command(app, "env", "Print the environment that makes AWS SDKs speak to the server",
                  "  eval \"$(escapement env)\"\n  eval \"$(escapement env --data-dir /var/lib/escapement)\"");
  env->add_option("--data-dir", a.env_data_dir, "The server's data directory")->type_name("DIR")->capture_default_str();
  env->callback([&a] { a.exit_code = print_env(a.env_data_dir); });

  CLI::App* config =
      add_command(app, "config", "Print every setting with its default and meaning, as a configuration file",
                  "  escapement config                                          to read\n"
                  "  escapement config > data/escapement.toml                   to edit\n"
                  "  escapement config --check data/escapement.toml             is it right?");
  config->add_option("--check", a.config.check_file, "Read this file as `serve` would, and say what is wrong with it")
      ->type_name("FILE");
  config->add_flag("--json", a.config.json, "Print JSON for machines");
  config->callback([&a] { a.exit_code = print_config(a.config); });
}

void add_deploy(CLI::App& app, Arguments& a) {
  CLI::App* command = add_command(
      app, "deploy", "Create or update a state machine (from a definition file) or a function (from a folder or file)",
      "  escapement deploy hello/                              a folder with index.js, lambda_function.py or "
      "bootstrap\n"
      "  escapement deploy resize.py --timeout 60 --memory 256 --env BUCKET=photos\n"
      "  escapement deploy order.asl.json                      a state machine named `order`\n"
      "  escapement deploy scheduler.json --set 'LAMBDA FUNCTION ARN=function:hello'\n"
      "                                                        puts that ARN where the definition says <LAMBDA "
      "FUNCTION ARN>\n"
      "\nWithout --role one is made that allows just what the definition asks for.");
  command
      ->add_option("path", a.deploy.path,
                   "A definition (.json, .asl.json), a function's folder, or its one source file")
      ->type_name("PATH")
      ->required();
  command->add_option("--name", a.deploy.name, "The name; else that of the file or folder")->type_name("NAME");
  command->add_option("--role", a.deploy.role, "The ARN of the role to run as")->type_name("ARN");
  command->add_option("--type", a.deploy.type, "Of a new state machine")
      ->check(CLI::IsMember({"STANDARD", "EXPRESS"}))
      ->capture_default_str();
  command
      ->add_option("--set", a.deploy.substitutions,
                   "NAME=VALUE: what ${NAME} or <NAME> stands for in a definition; VALUE may be function:NAME")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->add_option("--runtime", a.deploy.runtime, "nodejs20.x, python3.11, provided.al2023, …; else by the files")
      ->type_name("RUNTIME");
  command->add_option("--handler", a.deploy.handler, "FILE.FUNCTION; else by the files")->type_name("HANDLER");
  command->add_option("--timeout", a.deploy.timeout_s, "A function's timeout in seconds")->type_name("SECONDS");
  command->add_option("--memory", a.deploy.memory_mb, "A function's memory in MB")->type_name("MB");
  command->add_option("--env", a.deploy.environment, "NAME=VALUE in a function's environment; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  add_common(*command, a);
  command->callback([&a] { a.exit_code = cli::deploy(a.common, a.deploy); });
}

void add_schedule(CLI::App& app, Arguments& a) {
  CLI::App* command = add_command(
      app, "schedule", "Run a function or a state machine later, once",
      "  escapement schedule hello --in 90s\n"
      "  escapement schedule hello --at '2026-12-01 14:00:05' --input '{\"order\":17}'     local time\n"
      "  escapement schedule order --at 2026-12-01T14:00:05Z --input @order.json --name order-17\n"
      "  escapement schedule hello --at 14:00:05 --wait                                  the next 14:00:05\n"
      "\nThe same --name with the same input and time schedules once, however often it is said.");
  command
      ->add_option("target", a.schedule.target,
                   "A function's or state machine's name or ARN; function:NAME or machine:NAME where both exist")
      ->type_name("TARGET")
      ->required();
  CLI::Option* in =
      command->add_option("--in", a.schedule.in, "How long from now: 90s, 1h30m, 2d, 500ms")->type_name("DURATION");
  command->add_option("--at", a.schedule.at, "When: 2026-12-01T14:00:05Z, '2026-12-01 14:00:05' or 14:00:05 (local)")
      ->type_name("TIME")
      ->excludes(in);
  command->add_option("--input", a.schedule.input, "JSON, @FILE, or - for standard input")
      ->type_name("JSON")
      ->capture_default_str();
  command->add_option("--name", a.schedule.name, "The execution's name, for doing it once only")->type_name("NAME");
  command->add_flag("--wait", a.schedule.wait, "Watch it to its end");
  add_common(*command, a);
  command->callback([&a] { a.exit_code = cli::schedule(a.common, a.schedule); });
}

void add_executions(CLI::App& app, Arguments& a) {
  CLI::App* group = add_command(app, "executions", "List, show, watch and stop executions", {});
  group->require_subcommand(1);

  CLI::App* list = add_command(
      *group, "list", "The newest executions, of all state machines or of one",
      "  escapement executions list --status RUNNING\n  escapement executions list --machine order --limit 100 --json");
  list->add_option("--machine", a.list.machine, "A state machine's name or ARN")->type_name("MACHINE");
  list->add_option("--status", a.list.status, "Only those")
      ->check(CLI::IsMember({"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"}));
  list->add_option("--limit", a.list.limit, "At most so many")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_common(*list, a);
  list->callback([&a] { a.exit_code = cli::list_executions(a.common, a.list); });

  const char* execution_help = "An execution's ARN, name, or MACHINE:NAME";
  CLI::App* show =
      add_command(*group, "show", "One execution and its history",
                  "  escapement executions show order:order-17\n  escapement executions show order-17 --full");
  show->add_option("execution", a.show.execution, execution_help)->type_name("EXECUTION")->required();
  show->add_flag("--full", a.show.full, "Inputs and outputs of the states too");
  add_common(*show, a);
  show->callback([&a] { a.exit_code = cli::show_execution(a.common, a.show); });

  CLI::App* watch = add_command(*group, "watch", "Follow an execution live to its end",
                                "  escapement executions watch order-17\n  escapement executions watch --machine order "
                                "      its newest execution");
  watch->add_option("execution", a.watch.execution, execution_help)->type_name("EXECUTION");
  watch->add_option("--machine", a.watch.machine, "Watch the newest execution of this state machine")
      ->type_name("MACHINE");
  watch->add_flag("--full", a.watch.full, "Inputs and outputs of the states too");
  add_common(*watch, a);
  watch->callback([&a] { a.exit_code = cli::watch_execution(a.common, a.watch); });

  CLI::App* stop = add_command(*group, "stop", "Stop a running execution",
                               "  escapement executions stop order-17 --error Cancelled --cause 'The customer called'");
  stop->add_option("execution", a.stop.execution, execution_help)->type_name("EXECUTION")->required();
  stop->add_option("--error", a.stop.error, "The error to end it with")->type_name("ERROR");
  stop->add_option("--cause", a.stop.cause, "Why")->type_name("CAUSE");
  add_common(*stop, a);
  stop->callback([&a] { a.exit_code = cli::stop_execution(a.common, a.stop); });
}

void add_logs(CLI::App& app, Arguments& a) {
  CLI::App* command = add_command(app, "logs", "What a function printed",
                                  "  escapement logs hello --follow\n  escapement logs hello --since 2d --filter "
                                  "ERROR\n  escapement logs /aws/vendedlogs/orders   a log group");
  command->add_option("function", a.logs.function, "A function's name or ARN, or a log group (/…)")
      ->type_name("FUNCTION")
      ->required();
  command->add_flag("--follow,-f", a.logs.follow, "Go on with what is yet to come");
  command->add_option("--since", a.logs.since, "How far to look back")->type_name("DURATION")->capture_default_str();
  command->add_option("--filter", a.logs.filter, "A CloudWatch Logs filter pattern")->type_name("PATTERN");
  command->add_option("--request", a.logs.request, "Only the lines that name this request id")->type_name("ID");
  add_common(*command, a);
  command->callback([&a] { a.exit_code = cli::logs(a.common, a.logs); });
}

void add_query(CLI::App& app, Arguments& a) {
  CLI::App* command = add_command(app, "query", "Evaluate expressions, one JSON line each, on standard input",
                                  "  echo '{\"expr\":\"$.a[0]\",\"input\":{\"a\":[1,2]}}' | escapement query jsonpath\n"
                                  "  echo '{\"expr\":\"$sum(a)\",\"input\":{\"a\":[1,2]}}' | escapement query jsonata\n"
                                  "\nEach line answers one line: {\"result\": …}, {\"undefined\": true} or {\"error\": "
                                  "{\"code\", \"message\"}}. No server is needed.");
  command->add_option("language", a.query_language, "jsonpath or jsonata")
      ->required()
      ->check(CLI::IsMember({"jsonpath", "jsonata"}));
  command->callback([&a] { a.exit_code = cli::query(a.query_language); });
}

void add_bench(CLI::App& app, Arguments& a) {
  CLI::App* command =
      add_command(app, "bench", "Put load on a server and measure it",
                  "  escapement bench starts --connections 64 --seconds 10\n"
                  "  escapement bench fire --rate 1000 --seconds 10        lateness at 1,000 firings a second\n"
                  "  escapement bench burst --count 5000                   all due at one instant\n"
                  "  escapement bench wait-function --count 20000\n"
                  "  escapement bench pending --count 1000000 --server-pid PID --server-data-dir DIR\n"
                  "  escapement bench limits --directory /var/tmp          what the machine itself can do\n"
                  "\nRequests are signed for real. It leaves state machines named bench-* behind.");
  command
      ->add_option("scenario", a.bench.scenario,
                   "starts, fire, burst, wait-function, pass-choice-pass, activity, pending or limits")
      ->required()
      ->check(CLI::IsMember(cli::bench_scenarios()));
  command->add_option("--connections", a.bench.load.connections, "Keep-alive connections")
      ->type_name("N")
      ->check(CLI::Range(1u, 10'000u))
      ->capture_default_str();
  command->add_option("--seconds", a.bench.load.seconds, "How long, where no --count is given")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.01, 86'400.0))
      ->capture_default_str();
  command->add_option("--count", a.bench.load.count, "How many executions")->type_name("N");
  command->add_option("--rate", a.bench.load.rate, "fire: executions due in a second")
      ->type_name("N")
      ->check(CLI::Range(0.0, 1e7))
      ->capture_default_str();
  command->add_option("--input-bytes", a.bench.load.input_bytes, "The size of an execution's input")
      ->type_name("N")
      ->check(CLI::Range(64u, 262'144u))
      ->capture_default_str();
  command->add_option("--server-pid", a.bench.load.server_pid, "pending: the server's process, to read its memory")
      ->type_name("PID");
  command
      ->add_option("--server-data-dir", a.bench.load.server_data_dir,
                   "pending: the server's data directory, to read its size")
      ->type_name("DIR");
  command->add_option("--directory", a.bench.load.directory, "limits: where to write")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--out", a.bench.out, "Append the figures to this file as a JSON line")->type_name("FILE");
  add_common(*command, a);
  command->callback([&a] { a.exit_code = cli::bench(a.common, a.bench); });
}

cli::CommandDescription describe(const CLI::App& app) {
  cli::CommandDescription out{app.get_name(), app.get_description(), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_type_size_max() != 0;
    for (const std::string& name : option->get_lnames())
      out.options.push_back({"--" + name, option->get_description(), takes_value, {}});
    for (const std::string& name : option->get_snames())
      out.options.push_back({"-" + name, option->get_description(), takes_value, {}});
  }
  for (const CLI::App* inner : app.get_subcommands([](const CLI::App*) { return true; }))
    out.commands.push_back(describe(*inner));
  if (out.name == "query") out.words = {"jsonpath", "jsonata"};
  if (out.name == "completion") out.words = {"bash", "zsh", "fish"};
  if (out.name == "bench") out.words = cli::bench_scenarios();
  return out;
}

void add_completion(CLI::App& app, Arguments& a) {
  CLI::App* command = add_command(app, "completion", "Print a completion script for your shell",
                                  "  eval \"$(escapement completion bash)\"\n"
                                  "  escapement completion zsh > \"${fpath[1]}/_escapement\"\n"
                                  "  escapement completion fish > ~/.config/fish/completions/escapement.fish");
  command->add_option("shell", a.shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &a] { cli::print(cli::completion_script(a.shell, describe(app))); });
}

int run(int argc, char** argv) {
  CLI::App app(kProgramHelp, "escapement");
  Arguments arguments;
  arguments.common.sources = access_sources();
  app.require_subcommand(1);
  app.footer(kExitCodes);
  app.set_version_flag("--version", "escapement " ESC_VERSION);
  add_serve(app, arguments);
  add_deploy(app, arguments);
  add_schedule(app, arguments);
  add_executions(app, arguments);
  add_logs(app, arguments);
  add_query(app, arguments);
  add_bench(app, arguments);
  add_completion(app, arguments);
  add_command(app, "version", "Print the version", {})->callback([] { cli::print("escapement " ESC_VERSION "\n"); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kExitOk : cli::kExitUsage;
  }
  return arguments.exit_code;
}

}  // namespace
}  // namespace escapement::app

int main(int argc, char** argv) {
  try {
    return escapement::app::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "escapement: {}\n", error.what());
    return 1;
  }
}
