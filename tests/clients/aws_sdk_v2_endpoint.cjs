// Lets `aws-sdk` version 2, which has no variable for it, follow AWS_ENDPOINT_URL as every newer SDK does:
//   NODE_OPTIONS="--require /path/to/aws_sdk_v2_endpoint.cjs" node program.js
'use strict';

if (process.env.AWS_ENDPOINT_URL) {
  const AWS = require('aws-sdk');
  AWS.config.update({ endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION });
}
