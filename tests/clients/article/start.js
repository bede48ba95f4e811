const input = {
  // This is the amount of seconds
  // that the execution will be scheduled
  waitSeconds: seconds,

  // Here you can pass other params
  // that will be received by the Lambda function
};

const params = {
  stateMachineArn: process.env.STATE_MACHINE_ARN,
  input: JSON.stringify(input),
};

const stepFunction = new AWS.StepFunctions();
stepFunction
  .startExecution(params)
  .promise()
  .then(() => {
    console.log(`Scheduled event to run in ${seconds} seconds`);
  })
  .catch((err) => {
    console.error(err);
  });
