// Loaded before a server that would listen on all interfaces at a port of its own choice: it gets a
// free port of the loopback interface instead, and this module reports the port to the parent process.
import { Server } from "node:net";

const { listen } = Server.prototype;

Server.prototype.listen = function listenOnLoopback(_port, callback) {
  return listen.call(this, { port: 0, host: "127.0.0.1" }, () => {
    process.send(this.address().port);
    callback?.();
  });
};
