// A minimal client of Lambda's Runtime API. AWS's own does more before the first event and for each one (native code,
// logging, streaming, deadlines), so this is in Node's favor.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

const { Agent, request } = require('node:http');
const { handler } = require('./index.cjs');

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const call = request(`${api}/${path}`, { method, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function main() {
  for (;;) {
    const { headers, text } = await call('GET', 'next');
    const awsRequestId = headers['lambda-runtime-aws-request-id'];
    const context = {
      awsRequestId,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      getRemainingTimeInMillis: () => Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
    };
    try {
      const response = JSON.stringify(await handler(JSON.parse(text), context));
      await call('POST', `${awsRequestId}/response`, response);
    } catch (error) {
      const report = { errorType: error.name, errorMessage: error.message };
      await call('POST', `${awsRequestId}/error`, JSON.stringify(report));
    }
  }
}

main();
