
const aws = require('aws-sdk');

exports.handler = (event, context, callback) => {
    // Here we have our parameters on the event object
    //For example: event.waitSeconds.
};
