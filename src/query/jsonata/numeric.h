// Rounding as JSONata does it.
#pragma once

namespace escapement::query::jsonata {

// To `precision` decimal places (negative: places before the point), halves to the even neighbour, shifting the decimal
// point in the number's text so that no binary error moves it.
double round_half_even(double number, double precision);

}  // namespace escapement::query::jsonata
