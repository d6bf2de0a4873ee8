"""Routes in the shapes of other services, so that their clients can use this one."""
