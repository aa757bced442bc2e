import pytest

from modelyard.workflow.quartz import quartz


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 2 * * *", "0 0 2 * * ?"),
        ("*/15 8-18 * * *", "0 */15 8-18 * * ?"),
        ("30 4 1 * *", "0 30 4 1 * ?"),
        ("0 4 * * 0", "0 0 4 ? * SUN"),
        ("0 4 * * 1-5", "0 0 4 ? * MON,TUE,WED,THU,FRI"),
        ("0 4 * 1,7 6,0", "0 0 4 ? 1,7 SUN,SAT"),
    ],
)
def test_quartz_gets_seconds_a_question_mark_and_names_of_days(cron, said):
    assert quartz(cron) == said
