// From the parser's tree of operators to the tree that is evaluated (see syntax.h).
#pragma once

#include "query/jsonata/syntax.h"

namespace escapement::query::jsonata {

class Resolver {
 public:
  explicit Resolver(Program& program) : program_(program) {}

  // Throws Failure: S0207, S0209, S0210, S0213, S0215, S0216, S0217.
  Node* resolve(Node* node);

 private:
  Node* resolve_kind(Node* node);
  Node* dot(Node* node);
  Node* predicate(Node* node);
  Node* grouping(Node* node);
  Node* order_by(Node* node);
  Node* focus(Node* node);
  Node* position(Node* node);
  Node* name(Node* node);
  Node* negate(Node* node);
  Node* block(Node* node);
  Node* parent(Node* node);
  Node* both_sides(Node* node);

  Node* path_of(Node* step);
  void check_steps(Node* path);
  Node* optimise_tail(Node* node);

  // Where `%` points: each slot goes back step by step until a step takes it.
  void seek_parent(Node* node, ParentSlot* slot);
  void push_ancestry(Node* result, const Node* value);
  void resolve_ancestry(Node* path);

  Program& program_;
};

}  // namespace escapement::query::jsonata
