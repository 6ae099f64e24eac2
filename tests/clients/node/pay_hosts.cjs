// Loaded before a program (`node --require`): its TLS connections to Amazon Pay's hosts go to $TLS_PORT of this machine.
// Nothing else changes: the program asks for Amazon's host, and the server must prove to be that.
'use strict';
const tls = require('node:tls');

const AMAZON_PAY = /^pay-api\.amazon\.(?:com|eu|jp)$/;
const connect = tls.connect;

tls.connect = function connectHere(options, ...others) {
  if (!AMAZON_PAY.test(options?.host)) return connect.call(this, options, ...others);
  const here = { ...options, host: '127.0.0.1', port: Number(process.env.TLS_PORT), servername: options.host };
  return connect.call(this, here, ...others);
};
