// SPDX-License-Identifier: Apache-2.0

/// What `--help` prints.
let helpText: StaticString = """
    usage: mcp-shim [--name NAME] [--repo PATH] [--share repo|user|session] [--meta-tools[=auto]] -- COMMAND [ARG...]
           mcp-shim [options] NAME

    Shares one copy of an MCP server between all sessions of a repository. Put it in front of the command that an
    MCP client starts. NAME alone starts a server that the configuration of mcp-supervisor declares.

      --name NAME          call the server NAME (default: the command's own name)
      --repo PATH          the repository that the session works on (default: found from the environment and here)
      --share WHAT         share with sessions of the same repository (repo), of all (user), or with none (session)
      --meta-tools[=auto]  show find_tool, describe_tool, call_tool in place of the server's tools (auto: if many)
      --help               print this
      --version            print the version

    Environment: MCP_SUPERVISOR_SOCKET (the control socket), MCP_SUPERVISOR_BIN (the supervisor to start).
    Exit status: 0 the session is over, 2 wrong usage, 69 neither shared nor run.

    """
