"""What sigma-cli's pySigma makes of the expressions in tests/templates: prints them as JSON, one object with a list for each rule.

With `--write` the result becomes tests/templates/golden.json. Runs in the environment of requirements-sigma.txt.
"""

import json
import sys
from pathlib import Path

import yaml
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

HERE = Path(__file__).parent.parent / "templates"
QUERY = 'Image="*\\\\cmd.exe" a=b'


def render(rule_text, pipeline, template):
    """The text, or `null` where the template cannot be read or fails."""
    try:
        definition = {**pipeline, "postprocessing": [{"type": "template", "template": template}]}
        built = ProcessingPipeline.from_yaml(yaml.safe_dump(definition))
        rule = SigmaRule.from_yaml(rule_text)
        built.apply(rule)
        return built.postprocess_query(rule, QUERY)
    except Exception:
        return None


def main():
    pipeline = yaml.safe_load((HERE / "pipeline.yml").read_text())
    templates = (HERE / "expressions.txt").read_text().splitlines()
    out = {}
    for name in ("rule", "plain"):
        text = (HERE / f"{name}.yml").read_text()
        out[name] = [render(text, pipeline, template) for template in templates]
    result = json.dumps(out, indent=1, ensure_ascii=False) + "\n"
    if "--write" in sys.argv:
        (HERE / "golden.json").write_text(result)
    else:
        sys.stdout.write(result)


main()
