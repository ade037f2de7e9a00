#pragma once
/// SIGINT and SIGTERM as a question that long loops ask.

namespace photo51::training {

/// From now on the two signals set a flag; a second one ends the program at once.
void catch_interrupts();
bool interrupted();

}  // namespace photo51::training
