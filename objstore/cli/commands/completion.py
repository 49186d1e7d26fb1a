"""`objstore completion`: the script that switches tab completion on."""

import click

from objstore.cli.shells import SHELLS, script


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that switches tab completion on.

    Have your shell read it when it starts.

    \b
    Example:
      echo 'eval "$(objstore completion bash)"' >> ~/.bashrc
      echo 'eval "$(objstore completion zsh)"' >> ~/.zshrc
      objstore completion fish > ~/.config/fish/completions/objstore.fish
    """
    click.echo(script(ctx.find_root().command, shell), nl=False)
