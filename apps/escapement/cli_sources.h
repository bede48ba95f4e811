// Where the commands learn about the server in the program itself: the environment, and the data directory.
#pragma once

#include "escapement/client/access.h"

namespace escapement::app {

client::AccessSources access_sources();

}  // namespace escapement::app
