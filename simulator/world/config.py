"""Knobs of the world: who exists, what they like, how they act, and when they come back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simulator.contracts.config import Config, knob

Share = Annotated[float, Field(ge=0, le=1)]

HOURLY_WEIGHTS = (
    *(0.0250, 0.0180, 0.0100, 0.0080, 0.0090, 0.0150),
    *(0.0290, 0.0350, 0.0440, 0.0460, 0.0460, 0.0490),
    *(0.0580, 0.0530, 0.0477, 0.0430, 0.0440, 0.0490),
    *(0.0570, 0.0580, 0.0670, 0.0710, 0.0690, 0.0493),
)
"""Share of a day's sessions by hour of start.

Sessions last a while, so of impressions 9 % fall before six and 32 % from 20:00 to 03:20.
"""


class ReadersConfig(Config):
    """Who reads, how often they come, and how their tastes spread."""

    n: int = knob(10_000, "readers at the start", ge=10, le=5_000_000)
    activity_logit_mean: float = knob(
        -0.75, "mean over readers of the logit of coming on a day", ge=-6, le=6
    )
    activity_logit_sd: float = knob(
        1.3, "spread over readers of that logit; large is a heavy tail", ge=0, le=6
    )
    propensity_sd: float = knob(
        0.4, "spread over readers of the click logit", unit="logit", ge=0, le=3
    )
    patience_sd: float = knob(
        0.9, "spread over readers of the logit of asking for one more slate", ge=0, le=3
    )
    sessions_sd: float = knob(0.4, "spread over readers of log sessions per active day", ge=0, le=2)
    n_favourites_weights: tuple[Share, Share, Share, Share] = knob(
        (0.2, 0.35, 0.3, 0.15), "shares of readers with 1, 2, 3 and 4 favourite categories"
    )
    category_zipf: float = knob(
        0.6, "exponent of the popularity of categories, the first the most popular", ge=0, le=3
    )
    keyword_strength: float = knob(
        0.9, "pull of a reader's liked keywords beside that of the category", ge=0, le=5
    )
    taste_noise: float = knob(
        0.5, "length of personal taste outside of favourites, content part", ge=0, le=5
    )
    hidden_noise: float = knob(
        0.8, "length of personal taste outside of favourites, hidden part", ge=0, le=5
    )
    declared_probability: float = knob(
        0.75, "probability that a reader declares a favourite when registering", ge=0, le=1
    )
    declared_error: float = knob(
        0.15, "probability that a reader also declares a category at random", ge=0, le=1
    )

    @model_validator(mode="after")
    def _some_favourites(self) -> ReadersConfig:
        if sum(self.n_favourites_weights) <= 0:
            raise ValueError("at least one of n_favourites_weights must be above 0")
        return self


class NotesConfig(Config):
    """What notes are about and how they differ."""

    n_categories: int = knob(20, "note categories", ge=2, le=250)
    keywords_per_category: int = knob(30, "keywords of each category", ge=4, le=1_000)
    keywords_per_note: int = knob(4, "most keywords that a note carries", ge=2, le=4)
    keyword_zipf: float = knob(
        0.8, "exponent of the popularity of keywords within a category", ge=0, le=3
    )
    content_dim: int = knob(16, "dimensions of taste that content reveals", ge=2, le=256)
    hidden_dim: int = knob(8, "dimensions of taste that only behaviour reveals", ge=1, le=256)
    keyword_spread: float = knob(
        1.1, "distance of a keyword from the centre of its category", ge=0, le=5
    )
    content_noise: float = knob(
        0.5, "length of what is a note's own in the content part", ge=0, le=5
    )
    hidden_pull: float = knob(
        0.6, "length of the category's centre in the hidden part of a note", ge=0, le=5
    )
    hidden_noise: float = knob(0.9, "length of what is a note's own in the hidden part", ge=0, le=5)
    creator_quality_share: float = knob(
        0.45, "share of the variance of quality that belongs to the creator", ge=0, le=1
    )
    video_share: float = knob(0.35, "share of notes that are videos", ge=0, le=1)
    promoted_share: float = knob(0.01, "share of notes that operators promote", ge=0, le=1)
    card_share: float = knob(0.03, "share of notes with a shopping card", ge=0, le=1)


class ActionConfig(Config):
    """How often one action follows a click."""

    rate: float = knob(
        0.05, "probability after a click for average affinity and quality", ge=1e-6, le=0.9
    )
    affinity: float = knob(0.5, "logit for each logit of affinity", ge=-5, le=5)
    quality: float = knob(0.3, "logit for each standard deviation of quality", ge=-5, le=5)


class BehaviorConfig(Config):
    """What a reader does with a slate."""

    click_base: float = knob(
        -4.2, "click logit of an average note before an average reader", unit="logit", ge=-9, le=5
    )
    affinity_sd: float = knob(
        0.9, "spread of affinity over random reader-note pairs", unit="logit", ge=0, le=5
    )
    content_share: float = knob(
        0.6, "share of the variance of affinity that content reveals", ge=0, le=1
    )
    quality_coefficient: float = knob(
        0.8, "click logit for each standard deviation of quality", unit="logit", ge=0, le=5
    )
    fatigue_max: float = knob(
        0.6, "most that repetition of a category takes", unit="logit", ge=0, le=5
    )
    fatigue_impressions: float = knob(
        8.0, "impressions of a category in a session until 63 % of it", ge=0.1, le=200
    )
    staleness_per_day: float = knob(
        0.01, "click logit lost for each day of age", unit="logit per day", ge=0, le=1
    )
    screen_slots: int = knob(4, "slots on one screen", ge=1, le=50)
    screen_decay: float = knob(
        0.96, "probability of scrolling on to the next screen of a slate", ge=0, le=1
    )
    view_median_s: float = knob(2.8, "median time in view", unit="s", ge=0.05, le=600)
    view_sd: float = knob(0.6, "spread of log time in view", ge=0, le=3)
    dwell_median_s: float = knob(
        130.0, "median reading time for average affinity and quality", unit="s", ge=0.5, le=3_600
    )
    dwell_sd: float = knob(0.9, "spread of log reading time", ge=0, le=3)
    dwell_affinity: float = knob(0.2, "log reading time for each logit of affinity", ge=-2, le=2)
    dwell_quality: float = knob(
        0.15, "log reading time for each standard deviation of quality", ge=-2, le=2
    )
    dwell_max_s: float = knob(3_600.0, "longest reading time", unit="s", ge=1, le=86_400)
    like: ActionConfig = ActionConfig(rate=0.028, affinity=0.5, quality=0.35)
    collect: ActionConfig = ActionConfig(rate=0.025, affinity=0.4, quality=0.4)
    comment: ActionConfig = ActionConfig(rate=0.0035, affinity=0.5, quality=0.1)
    share: ActionConfig = ActionConfig(rate=0.004, affinity=0.4, quality=0.3)
    follow: ActionConfig = ActionConfig(rate=0.0016, affinity=0.5, quality=0.4)
    hide_rate: float = knob(
        0.004,
        "probability that an impression is hidden for average affinity and quality",
        ge=1e-9,
        le=0.5,
    )
    hide_aversion: float = knob(
        0.8, "logit of hiding for each logit of click disinclination", ge=0, le=5
    )


class SessionsConfig(Config):
    """When readers open the app and how long they stay."""

    mean_per_active_day: float = knob(3.2, "mean sessions on an active day", ge=1, le=20)
    max_per_day: int = knob(20, "most sessions on a day", ge=1, le=22)
    min_gap_s: float = knob(
        1_200.0, "least time between two session starts of a reader", unit="s", ge=0, le=3_600
    )
    hourly_weights: Annotated[tuple[Share, ...], Field(min_length=24, max_length=24)] = knob(
        HOURLY_WEIGHTS, "relative number of session starts in each hour of the day"
    )
    continue_logit: float = knob(
        -0.25, "logit of asking for one more slate when satisfied as expected", ge=-5, le=5
    )
    surplus_weight: float = knob(
        0.3, "logit of asking for more for each click beyond expectation", ge=0, le=5
    )
    surplus_memory: float = knob(
        0.7, "share of earlier satisfaction kept at each request of a session", ge=0, le=1
    )
    like_value: float = knob(0.4, "worth of a like or collect, in clicks", ge=0, le=10)
    hide_cost: float = knob(2.0, "cost of a note worth hiding, in clicks", ge=0, le=50)
    gap_mean_s: float = knob(4.0, "mean pause before the next request", unit="s", ge=0, le=600)
    max_requests: int = knob(60, "most requests in a session", ge=1, le=1_000)

    @model_validator(mode="after")
    def _some_hours(self) -> SessionsConfig:
        if sum(self.hourly_weights) <= 0:
            raise ValueError("at least one of hourly_weights must be above 0")
        return self


class RetentionConfig(Config):
    """How a day's experience changes the days after."""

    reference_click_rate: float = knob(
        0.115, "clicks per impression that a reader of average propensity expects", ge=1e-3, le=0.9
    )
    learning_rate: float = knob(
        0.15, "weight of one long day in a reader's long-run satisfaction", ge=0, le=1
    )
    long_day_impressions: float = knob(
        30.0, "impressions at which a day weighs half of that", ge=0, le=1_000
    )
    return_sensitivity: float = knob(
        0.6, "logit of coming for a relative gain of 1 in clicks per impression", ge=0, le=10
    )
    churn_per_day: float = knob(
        0.002, "probability of leaving for good at expected satisfaction", ge=0, le=0.2
    )
    churn_sensitivity: float = knob(
        1.0, "log hazard of leaving for a relative loss of 1 in clicks per impression", ge=0, le=10
    )
    arrivals_per_day: float | None = knob(
        None, "mean new readers a day; by default as many as leave at the start", ge=0, le=1e6
    )


class CreatorsConfig(Config):
    """Who creates, and how exposure moves them."""

    monthly_share: float = knob(
        0.24, "share of monthly active readers who are creators", ge=0, le=0.9
    )
    activity_skew: float = knob(0.5, "exponent of daily activity in becoming a creator", ge=0, le=3)
    n_topics_weights: tuple[Share, Share, Share] = knob(
        (0.5, 0.3, 0.2), "shares of creators with 1, 2 and 3 topics"
    )
    sensitive_share: float = knob(
        0.3, "share of creators whom exposure moves; the others do not react", ge=0.01, le=1
    )
    sensitivity: Literal["low", "mid", "high"] = knob(
        "mid",
        "mean gain in publishing from 0 to the reference impressions: 2, 6 or 15 %",
        tunable=True,
    )
    reference_impressions: float = knob(
        100.0,
        "first-day impressions that give a motivation of 1, times the scenario's threshold scale",
        ge=0.1,
        le=1e6,
    )
    saturation: float = knob(
        0.25,
        "0 is a logarithmic response to impressions; above 0 it levels off",
        ge=0,
        le=2,
    )
    like_weight: float = knob(0.1, "motivation from ten first-day likes", ge=0, le=2)
    comment_weight: float = knob(0.1, "motivation from ten first-day comments", ge=0, le=2)
    reference_motivation: float = knob(
        0.9, "motivation at the start, at which publishing is at its base rate", ge=0, le=5
    )
    learning_rate: float = knob(0.35, "weight of one note in a creator's motivation", ge=0, le=1)
    decay_per_day: float = knob(0.01, "share of motivation lost a day", ge=0, le=1)
    stop_per_day: float = knob(
        0.002, "probability of giving up creating at the reference motivation", ge=0, le=0.5
    )
    stop_sensitivity: float = knob(
        0.5, "log hazard of giving up for each motivation below the reference", ge=0, le=10
    )
    join_per_active_day: float | None = knob(
        None,
        "probability that an active reader becomes a creator; by default what balances the start",
        ge=0,
        le=1,
    )

    @model_validator(mode="after")
    def _some_topics(self) -> CreatorsConfig:
        if sum(self.n_topics_weights) <= 0:
            raise ValueError("at least one of n_topics_weights must be above 0")
        return self


class PublishingConfig(Config):
    """How much creators publish."""

    per_active_day: float = knob(
        0.17, "mean over creators of the probability of publishing on an active day", ge=0, le=0.9
    )
    spread: float = knob(1.0, "spread over creators of its logarithm", ge=0, le=3)
    most_per_active_day: float = knob(0.95, "highest such probability", ge=0, le=1)
    extra_notes: float = knob(
        0.8, "mean over creators of the notes after the first on such a day", ge=0, le=20
    )
    extra_spread: float = knob(0.8, "spread over creators of its logarithm", ge=0, le=3)
    most_notes_per_day: int = knob(30, "most notes of a creator on a day", ge=1, le=1_000)
    backlog_days: int = knob(
        30, "days before the start whose notes exist already", unit="days", ge=0, le=60
    )


class HistoryConfig(Config):
    """What readers had read before the start, so that a run begins on a platform in use.

    The past is drawn from the truth by a rule instead of being simulated: each reader has read
    the best of the notes that came within reach, as a recommender with some error would pick.
    """

    enabled: bool = knob(True, "whether readers have read notes before the start")
    reach: float = knob(
        16.0, "notes that came within a reader's reach for each one read", ge=1, le=1_000
    )
    error_sd: float = knob(
        0.5, "spread of the error of the recommender of the past", unit="logit", ge=0, le=20
    )
    delay_scale_days: float = knob(
        4.0, "scale of the age at which notes were read (Weibull)", unit="days", ge=0.01, le=100
    )
    delay_shape: float = knob(
        1.4, "shape of that age; above 1 few notes are read when very new", ge=0.1, le=10
    )


class WorldConfig(Config):
    """The world: its people, their notes and their behaviour."""

    readers: ReadersConfig = ReadersConfig()
    creators: CreatorsConfig = CreatorsConfig()
    notes: NotesConfig = NotesConfig()
    behavior: BehaviorConfig = BehaviorConfig()
    sessions: SessionsConfig = SessionsConfig()
    retention: RetentionConfig = RetentionConfig()
    publishing: PublishingConfig = PublishingConfig()
    history: HistoryConfig = HistoryConfig()

    def scaled(self, threshold_scale: float) -> WorldConfig:
        """Return the same world with exposure thresholds for the size of a platform.

        Args:
            threshold_scale: the scenario's factor on thresholds.
        """
        reference = max(0.1, self.creators.reference_impressions * threshold_scale)
        creators = self.creators.model_copy(update={"reference_impressions": reference})
        return self.model_copy(update={"creators": creators})

    @property
    def n_categories(self) -> int:
        """Number of note categories."""
        return self.notes.n_categories

    @property
    def n_keywords(self) -> int:
        """Number of keywords, over all categories."""
        return self.notes.n_categories * self.notes.keywords_per_category

    @property
    def keywords_per_note(self) -> int:
        """Width of the keyword columns."""
        return self.notes.keywords_per_note
