@buffer @critical
Feature: Ticket buffer
  The exchange keeps its tickets until the client has them; the client loses none and
  keeps none twice.

  @BU1
  Scenario Outline: BU1 Calls before the first session
    Given an exchange without tickets on the <wire> wire
    And the collector is off
    When 25 calls are made
    And the collector is started
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | stream   |

  @BU1 @account
  Scenario: BU1 Calls before the first session end in an account file
    Given an exchange without tickets on the account wire
    And the collector is off
    When 25 calls are made
    And the exchange closes its account file
    And the collector is started
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU2
  Scenario: BU2 Calls after the session was lost in the middle of a batch
    Given an exchange without tickets
    And the collector is collecting
    And the link will be cut as soon as an acknowledgement has arrived
    When 25 calls are made
    And the collector is killed once the link is cut
    And 5 calls are made
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU2 @nmc
  Scenario: BU2 The power fails behind the deletion of a file, then calls
    Given an exchange without tickets that keeps a file until it is deleted
    And the collector is collecting
    And the link will be cut as soon as an acknowledgement has arrived
    When 25 calls are made in one moment
    And the collector is killed once the link is cut
    And 5 calls are made
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU2 @v24
  Scenario: BU2 Calls after the connection of the printer was lost
    Given an exchange without tickets
    And the collector is collecting
    When 25 calls are made
    And the collector shows every ticket
    And the collector is killed while no line is under way
    And 5 calls are made
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU2 @ohl
  Scenario: BU2 Calls after the hotel link was lost behind an acknowledgement
    Given an exchange without tickets
    And the collector is collecting
    And the link will be cut as soon as an acknowledgement has arrived
    When 25 calls are made
    And the collector is killed once the link is cut
    And 5 calls are made
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU2 @account
  Scenario: BU2 The power fails behind an account file, then calls
    Given an exchange without tickets
    And the collector is collecting
    And the link will be cut as soon as a file has gone over whole
    When 25 calls are made in one moment
    And the exchange closes its account file
    And the collector is killed once the link is cut
    And 5 calls are made
    And the exchange closes its account file
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU2 @stream
  Scenario: BU2 Calls after the client of the stream was lost
    Given an exchange without tickets
    And the collector is collecting
    When 25 calls are made
    And the collector shows every ticket
    And the collector is killed while no frame is under way
    And 5 calls are made
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU3
  Scenario Outline: BU3 Calls at the same instant while the session is open
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When 20 calls are made at the same instant, several of them alike
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |

  @BU3 @account
  Scenario: BU3 Calls at the same instant end in one account file
    Given an exchange without tickets
    And the collector is collecting
    When 20 calls are made at the same instant, several of them alike
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @BU3 @stream
  Scenario: BU3 Calls at the same instant while the exchange asks for a sign of life
    Given an exchange without tickets that asks for a sign of life every second
    And the collector is collecting
    When 20 calls are made at the same instant, several of them alike
    And the exchange has asked for a sign of life twice
    Then the collector collects every ticket
    And every sign of life was given
    And every ticket is delivered once and unchanged

  @BU4
  Scenario Outline: BU4 Wake-up reminders before the first session
    Given an exchange without tickets on the <wire> wire
    And the collector is off
    When appointments are set for extensions 106 to 110 at 07:00
    And the collector is started
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |

  @BU5
  Scenario Outline: BU5 Wake-up reminders after the session ended
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When the collector is stopped
    And appointments are set for extensions 106 to 110 at 07:00
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |

  @BU6
  Scenario Outline: BU6 Wake-up calls before the first session
    Given an exchange without tickets on the <wire> wire at 06:55
    And the collector is off
    When an appointment is set for extension 106 at 07:00 and answered at ring 1
    And an appointment is set for extension 107 at 07:00 and answered at ring 2
    And an appointment is set for extension 108 at 07:00
    And the exchange clock goes on to 07:10
    And the collector is started
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |
