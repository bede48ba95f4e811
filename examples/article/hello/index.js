// Says what it got and how far from the second it was called, so that a schedule can be seen firing.
exports.handler = async (event) => {
  const now = new Date();
  console.log(`hello ${event.name ?? 'there'}: it is ${now.toISOString()}`);
  return { hello: event.name ?? 'there', at: now.toISOString() };
};
