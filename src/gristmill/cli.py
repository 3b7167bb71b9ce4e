"""The command line: `gristmill COMMAND --help` shows an example of each.

Exit codes are those of :mod:`gristmill.errors`; a script can tell a wrong configuration (2) from an empty result (7).
"""

from __future__ import annotations

import sys

import click

from gristmill.commands.bands import bands_command
from gristmill.commands.catalog import config_command, rules_command, sources_command
from gristmill.commands.classifier import classifier_group
from gristmill.commands.doctor import doctor_command
from gristmill.commands.explain import explain_command
from gristmill.commands.index import index_command
from gristmill.commands.plan import plan_command
from gristmill.commands.report import report_command
from gristmill.commands.run import run_command
from gristmill.commands.sweep import sweep_command
from gristmill.commands.train import complete_command, pretrain_command
from gristmill.commands.verify import verify_command
from gristmill.errors import GristmillError, unknown_name
from gristmill.version import VERSION


class Commands(click.Group):
    """A group whose error for an unknown command names the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command, or says which was meant."""
        if args and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(unknown_name("command", args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gristmill")
def cli() -> None:
    """Raw web, book and code shards to deduplicated, tokenized, explained training data.

    \b
    Start with:
      gristmill plan examples/quickstart.toml
      gristmill run examples/quickstart.toml
      gristmill explain runs/quickstart URI
      gristmill pretrain examples/quickstart.toml
    """


for command in (
    run_command,
    plan_command,
    explain_command,
    verify_command,
    report_command,
    pretrain_command,
    complete_command,
    rules_command,
    sweep_command,
    classifier_group,
    sources_command,
    config_command,
    bands_command,
    index_command,
    doctor_command,
):
    cli.add_command(command)


def main() -> None:
    """Entry point: runs a command and turns our own errors into one message and an exit code."""
    try:
        cli(standalone_mode=False)
    except GristmillError as error:
        click.secho(f"{type(error).__name__}: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.secho("stopped; what is committed stays, and the same command resumes", fg="yellow", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
