//! The agent's side: snapshots in, actions and pictures out, over HTTP on a unix socket.
