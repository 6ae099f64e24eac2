// Loaded before a program (`node --require`): what it sends to Amazon's hosts goes to $ENDPOINT instead, so that
// a client without a setting for its hosts runs unchanged.
'use strict';
const http = require('node:http');
const https = require('node:https');
const { urlToHttpOptions } = require('node:url');

const AMAZON = /^(?:api|(?:sandbox\.)?sellingpartnerapi-(?:na|eu|fe))\.amazon\.com$/;
const local = new URL(process.env.ENDPOINT);
const secureRequest = https.request;

https.request = function request(...parameters) {
  const callback = parameters.find((each) => typeof each === 'function');
  const options = {};
  for (const each of parameters) {
    if (typeof each === 'string') Object.assign(options, urlToHttpOptions(new URL(each)));
    else if (each instanceof URL) Object.assign(options, urlToHttpOptions(each));
    else if (each !== null && typeof each === 'object') Object.assign(options, each);
  }
  const host = options.hostname ?? String(options.host ?? '').split(':')[0];
  if (!AMAZON.test(host)) return secureRequest.apply(this, parameters);
  return http.request(
    {
      method: options.method,
      path: options.path,
      headers: { ...options.headers, host },
      hostname: local.hostname,
      port: local.port,
    },
    callback,
  );
};
