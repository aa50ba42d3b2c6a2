// SPDX-License-Identifier: Apache-2.0

/// The text of `io.mcpctl.Supervisor.varlink`, which `GetInterfaceDescription` answers with: a program carries no
/// files. A test keeps both the same.
public let interfaceDescription = #"""
    # The control protocol of mcp-supervisor: what mcp-shim, mcpctl and other programs of the same user may ask.
    # Sizes are bytes, times RFC 3339 UTC. A method that takes `backend` accepts an id, a unique prefix, or a repository path.
    interface io.mcpctl.Supervisor

    type Limits (
      MemoryHigh: ?int,
      MemoryMax: ?int,
      MemorySwapMax: ?int,
      TasksMax: ?int,
      CPUWeight: ?int
    )

    type Exit (
      reason: (exit, signal, oom, timeout, limit, stopped, unknown),
      status: int,
      at: string,
      stderr_tail: []string,
      shortage: ?(own, total, machine),
      limit_bytes: ?int,
      peak_bytes: ?int
    )

    type Backend (
      id: string,
      server: string,
      repo: string,
      share: (repo, user, session),
      state: (stopped, starting, ready, idle, hibernated, stopping, failed),
      unit: ?string,
      pid: ?int,
      generation: int,
      era: (legacy, modern),
      sessions: int,
      holds: int,
      in_flight: int,
      restarts: int,
      memory: (current_bytes: ?int, peak_bytes: ?int, pss_bytes: ?int),
      limits: Limits,
      started_at: ?string,
      idle_since: ?string,
      last_exit: ?Exit,
      hibernation: ?(since: string, reclaimed_bytes: int, note: ?string),
      changed_tools: ?[]string,
      cpu_s: ?float,
      calls: ?int
    )

    type Session (
      id: string,
      pid: int,
      client: ?(name: string, version: string),
      protocol: ?string,
      cwd: string,
      repo: ?string,
      server: ?string,
      backend: ?string,
      in_flight: int,
      meta_tools: bool,
      attached_at: string
    )

    type Supervisor (
      version: string,
      pid: int,
      uptime_s: float,
      launcher: (systemd, direct),
      memory: (pss_bytes: ?int),
      cgroup: string,
      limits: Limits,
      limits_enforced: ?bool,
      draining: ?bool,
      pressure_sources: ?[]string,
      search: ?(stage: (table, engine), engine: ?string, problem: ?string),
      warnings: ?[]string
    )

    type Tokens (
      tools: int,
      definitions: int,
      instructions: int,
      with_meta_tools: int,
      is_worth_it: bool
    )

    type ServerStats (
      server: string,
      backends: int,
      sessions: int,
      tokens: ?Tokens,
      meta_tools: (
        sessions: int,
        searches: int,
        zero_hits: int,
        descriptions: int,
        calls: int,
        direct_calls: int,
        wrong_names: int,
        wrong_descriptions: int,
        refusals: int,
        repaired_arguments: int,
        schemas_appended: int,
        answer_tokens: int,
        structured_tokens: int,
        given_tokens: int,
        plain_tokens: int
      ),
      tools: [](name: string, calls: int, errors: int, total_ms: int, p50_ms: ?int, p99_ms: ?int)
    )

    # Hands a session over. `raw_environment` has the entries that are not UTF-8, in hexadecimal. Descriptors by SCM_RIGHTS with the call, in this order: working directory (O_PATH), the
    # agent's stdin, the agent's stdout. With `more`: replies until the session is over. `resume` is opaque; the caller
    # gives the last one back when it attaches again after the supervisor went away.
    method Attach(
      argv: ?[]string,
      environment: []string,
      raw_environment: ?[]string,
      pid: int,
      name: ?string,
      repo: ?string,
      share: ?string,
      meta_tools: ?string,
      umask: ?int,
      resume: ?string
    ) -> (session: string, resume: ?string, ended: ?bool, reason: ?string)

    # Starts or finds a backend and holds it, until Release, until `hold_s` is over, or without limit. It is the one
    # that a session would get which is attached in the directory `cwd`.
    method Request(
      argv: ?[]string,
      environment: []string,
      raw_environment: ?[]string,
      name: ?string,
      repo: ?string,
      share: ?string,
      hold_s: ?float,
      umask: ?int,
      cwd: ?string
    ) -> (backend: Backend)

    method Release(backend: string, now: ?bool) -> (backend: Backend)
    method Status(backend: ?string) -> (supervisor: Supervisor, backends: []Backend, sessions: []Session, savings: (unshared_bytes: int, shared_bytes: int, method: string))
    method Stop(backend: string) -> (backend: Backend)
    method Restart(backend: string) -> (backend: Backend)
    method Hibernate(backend: string) -> (backend: Backend)
    method Wake(backend: string) -> (backend: Backend)

    # Accepts definitions of tools that the server changed since the user last saw them: `changed_tools`.
    method Trust(backend: string) -> (backend: Backend)

    # Without `set`: reads. Exactly one of backend, server, total. A size of -1 is "infinity".
    method SetLimits(backend: ?string, server: ?string, total: ?bool, set: ?Limits, persist: ?bool) -> (limits: Limits, unit: ?string, persisted: ?string)
    method Logs(backend: string) -> (identifier: string, unit: ?string, file: ?string, journal: bool)
    method Why(session: string, other: ?string) -> (session: string, key: [string]string, variables: []string, ignored: []string, other: ?string, same: ?bool, differs: []string)
    method Tools(backend: string, query: ?string) -> (result: object, tokens: ?Tokens)
    method Call(backend: string, tool: string, arguments: ?object) -> (result: object)

    # Counts since the supervisor started; times are upper bounds of histogram buckets, null above the last.
    method Stats() -> (since: string, token_method: string, servers: []ServerStats)
    method Reload() -> (files: []string)

    # Takes no new sessions, ends when the last one is over.
    method Drain() -> ()

    # With `more`: one reply an event.
    method Subscribe() -> (at: string, kind: string, backend: ?string, session: ?string, text: string)

    error NoSuchBackend(backend: string, reason: string)
    error AmbiguousBackend(backend: string, matches: []string, reason: string)
    error NoSuchSession(session: string, reason: string)
    error NoSuchServer(server: string, reason: string)
    error InvalidParameter(parameter: string, reason: string)
    error Refused(reason: string)
    error StartFailed(backend: ?string, reason: string)
    error LimitsFailed(reason: string)
    error ConfigurationFailed(reason: string)
    error Draining(reason: string)

    """#
