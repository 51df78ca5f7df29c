def post_fork(server, worker):
    from work import step

    step(998)
