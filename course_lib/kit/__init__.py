"""A folder for a room with bad Wi-Fi: wheels, the course without its answers, installers, and the instructor's part."""

from course_lib.kit.agenda import DAYS, agenda, agenda_page
from course_lib.kit.folder import Kit, make_kit
from course_lib.kit.wheels import PYTHONS, TARGETS

__all__ = ["DAYS", "PYTHONS", "TARGETS", "Kit", "agenda", "agenda_page", "make_kit"]
