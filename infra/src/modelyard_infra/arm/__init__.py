"""An ARM deployment template of what a blueprint or a Pulumi preview declares, for tools that read ARM."""

from modelyard_infra.arm.preview import PreviewError, resources_of
from modelyard_infra.arm.template import arm_template

__all__ = ["PreviewError", "arm_template", "resources_of"]
